"""Certificates that anyone can verify: signed credentials, status lists, the page behind the QR code, the plaque."""
