"""The contract as documents: OpenAPI 3.1, the list of problems, the list of events, and pages to read them."""
