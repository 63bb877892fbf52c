# One image for web, worker and beat; what it runs as is said by its command (docker-compose.yml).
FROM python:3.13-slim AS build
RUN pip install --no-cache-dir uv
WORKDIR /site
COPY pyproject.toml ./
RUN uv sync --no-dev --extra sentry --no-install-project --compile-bytecode
COPY . .
# Collected into the image, so that every container serves the same hashed files. The settings are
# a laptop's here: no server is asked, and the secrets that they make are thrown away.
RUN uv run --no-sync manage.py collectstatic --no-input && \
    find var -mindepth 1 -maxdepth 1 ! -name static -exec rm -r {} +

FROM python:3.13-slim
RUN useradd --system --create-home --home-dir /site --uid 10001 verdicts
WORKDIR /site
COPY --from=build --chown=verdicts:verdicts /site /site
ENV PATH=/site/.venv/bin:$PATH PYTHONUNBUFFERED=1
USER verdicts
EXPOSE 8000
CMD ["python", "-m", "verdicts.web", "--host", "0.0.0.0"]
