"""What stands in for outside services on one machine: PostgreSQL, Valkey, a payment sandbox and their supervisor."""
