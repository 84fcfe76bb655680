"""What operators watch: liveness, readiness and metrics."""
