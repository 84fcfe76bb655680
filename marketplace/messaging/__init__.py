"""What people and partners are told: SMS and mail through a provider port, reminders, and the partner feed."""
