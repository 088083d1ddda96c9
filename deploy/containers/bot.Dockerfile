# What faces people: gateway, worker and sender. A current Python, no Rasa, no TensorFlow.
# Build from the project's folder: docker build -f deploy/containers/bot.Dockerfile -t hashar-bot .
# Pinned by version; pin by digest (python:3.13-slim@sha256:…) what your registry shows you.

FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements/bot.txt requirements/
RUN python -m venv /opt/hashar \
    && /opt/hashar/bin/pip install --no-cache-dir --disable-pip-version-check \
        --no-deps --require-hashes --only-binary=:all: -r requirements/bot.txt
COPY bot bot
COPY actions actions
COPY content content
RUN /opt/hashar/bin/python -m compileall -q bot actions

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin hashar \
    && install -d -o hashar -g hashar -m 0700 /data
COPY --from=build /opt/hashar /opt/hashar
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/hashar/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    HOST=0.0.0.0 \
    PORT=8080 \
    HEALTH_PORT=8080 \
    DATA_DIR=/data \
    CONTENT_DIR=/app/content \
    LOG_FORMAT=json
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["gateway"]
