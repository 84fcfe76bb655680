"""OpenTelemetry, only when an endpoint is configured."""

from litestar.plugins import InitPluginProtocol
from litestar.plugins.opentelemetry import OpenTelemetryConfig, OpenTelemetryPlugin
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from marketplace.settings import Settings


def tracing_plugins(found: Settings) -> list[InitPluginProtocol]:
    """Return the tracing plugin, or nothing when ``OTEL_EXPORTER_OTLP_ENDPOINT`` is not set."""
    if found.otlp_endpoint is None:
        return []
    provider = TracerProvider(resource=Resource.create({"service.name": "marketplace-api"}))
    exporter = OTLPSpanExporter(endpoint=f"{found.otlp_endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return [OpenTelemetryPlugin(OpenTelemetryConfig(tracer_provider=provider))]
