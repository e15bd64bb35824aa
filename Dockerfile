# `internal-gan app` on the CPU; see docs/deploy.md.
FROM python:3.12-slim AS build
WORKDIR /source
COPY . .
RUN python -m pip install --no-cache-dir build
RUN python -m build --wheel --outdir /wheels

FROM python:3.12-slim
# The address of a package index with CPU-only torch. Without it pip uses the default index, which
# on x86 adds several gigabytes of libraries for NVIDIA GPUs.
ARG TORCH_INDEX=""
COPY constraints.txt /constraints.txt
COPY --from=build /wheels /wheels
RUN python -m pip install --no-cache-dir -c /constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} torch
RUN python -m pip install --no-cache-dir -c /constraints.txt "$(ls /wheels/*.whl)[app,video]"
RUN useradd --create-home --uid 1000 photographer && install -d -o photographer /data
USER photographer
WORKDIR /data
VOLUME /data
EXPOSE 7860
HEALTHCHECK --start-period=30s --timeout=5s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/health', timeout=4)"]
CMD ["internal-gan", "app", "host=0.0.0.0", "browser=false", "runs=/data/runs"]
