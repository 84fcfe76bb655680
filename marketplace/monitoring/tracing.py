"""OpenTelemetry, only when an endpoint is configured; its libraries are not even loaded otherwise."""

from litestar.plugins import InitPluginProtocol

from marketplace.settings import Settings


def tracing_plugins(found: Settings) -> list[InitPluginProtocol]:
    """Return the tracing plugin, or nothing when ``OTEL_EXPORTER_OTLP_ENDPOINT`` is not set."""
    if found.otlp_endpoint is None:
        return []
    from litestar.plugins.opentelemetry import (  # noqa: PLC0415 - a third of a second that most starts need not pay.
        OpenTelemetryConfig,
        OpenTelemetryPlugin,
    )
    from opentelemetry import trace  # noqa: PLC0415 - see above.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - see above.
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - see above.
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - see above.
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - see above.

    provider = TracerProvider(resource=Resource.create({"service.name": "marketplace-api"}))
    exporter = OTLPSpanExporter(endpoint=f"{found.otlp_endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return [OpenTelemetryPlugin(OpenTelemetryConfig(tracer_provider=provider))]
