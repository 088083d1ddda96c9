# Rasa with our components: understands texts, and trains (command: nlu.train). Never faces people.
# Build from the project's folder: docker build -f deploy/containers/rasa.Dockerfile -t hashar-rasa .
# Python 3.10, as Rasa 3.6 runs on no newer one. Pinned by version; pin by digest what your
# registry shows you.

FROM python:3.10-slim AS build
WORKDIR /app
COPY requirements/nlu.txt requirements/
RUN python -m venv /opt/hashar \
    && /opt/hashar/bin/pip install --no-cache-dir --disable-pip-version-check \
        --no-deps --require-hashes --prefer-binary -r requirements/nlu.txt
COPY config.yml config.yml
COPY nlu nlu
COPY content content
RUN /opt/hashar/bin/python -m compileall -q nlu

FROM python:3.10-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin hashar \
    && install -d -o hashar -g hashar -m 0700 /models
COPY --from=build /opt/hashar /opt/hashar
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/hashar/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    OMP_NUM_THREADS=1 \
    MODELS_DIR=/models \
    CONTENT_DIR=/app/content \
    RASA_TELEMETRY_ENABLED=false
USER 10001:10001
VOLUME /models
EXPOSE 5005
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:5005/status', timeout=2)"]
ENTRYPOINT ["python", "-m"]
CMD ["nlu.serve", "--interface", "0.0.0.0", "--port", "5005"]
