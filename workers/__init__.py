"""Thin hands: Celery tasks that call the product's operations. The product never imports this package."""
