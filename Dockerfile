# syntax=docker/dockerfile:1
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements.lock ./
RUN python -m venv /app/.venv && /app/.venv/bin/pip install --require-hashes -r requirements.lock

FROM python:3.11-slim-bookworm
ENV PATH=/app/.venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8
RUN useradd --create-home --uid 10001 houniao && install -d -o houniao /data
WORKDIR /app
COPY --from=build /app/.venv /app/.venv
COPY pyproject.toml README.md ./
COPY marketplace ./marketplace
COPY workers ./workers
COPY migrations ./migrations
COPY seed ./seed
COPY openapi ./openapi

USER 10001
EXPOSE 8000
CMD ["granian", "--interface", "asgi", "--factory", "marketplace.app:create_app", "--host", "0.0.0.0", "--port", "8000", "--loop", "uvloop"]
