# syntax=docker/dockerfile:1
# Strongback as an image: built in the first stage, run in the second as a user without rights.

FROM python:3.12-slim-bookworm AS build
WORKDIR /source
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY src src
RUN python -m venv /opt/strongback \
    && /opt/strongback/bin/pip install --no-cache-dir --disable-pip-version-check --constraint constraints.txt .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --user-group --home-dir /data --no-create-home strongback \
    && install --directory --owner strongback --group strongback --mode 0700 /data
COPY --from=build /opt/strongback /opt/strongback
ENV PATH=/opt/strongback/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    STRONGBACK_HOST=0.0.0.0 \
    STRONGBACK_PORT=3000 \
    STRONGBACK_DATABASE=sqlite:////data/strongback.db \
    STRONGBACK_LOG_FORMAT=json
USER strongback
WORKDIR /data
VOLUME /data
EXPOSE 3000
# A database that can not serve is no reason to start the process anew: /livez, not /readyz.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['STRONGBACK_PORT'] + '/livez', timeout=2)"]
ENTRYPOINT ["strongback"]
CMD ["serve"]
