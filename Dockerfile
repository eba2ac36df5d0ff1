# One store in one container: docs/operate/container.md. The Node is the one that package.json names.
ARG NODE_VERSION=26.10.0

FROM node:${NODE_VERSION}-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# Without scripts the package "node" brings no second Node: the one of the image is used.
RUN npm ci --omit=dev --ignore-scripts
COPY packaging packaging
COPY src src
COPY web web
RUN npm run --silent emit

FROM node:${NODE_VERSION}-slim
WORKDIR /opt/mycelium
COPY LICENSE package.json ./
COPY packaging/bin packaging/bin
COPY docs/operate docs/operate
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
RUN install -d -o node -g node -m 0700 /data
ENV PATH=/opt/mycelium/packaging/bin:$PATH
# Other containers and published ports reach it only so. Who may reach it beyond is for the ports and networks of the container to say.
ENV MYCELIUM_HOST=0.0.0.0
ENV MYCELIUM_DATA=/data
ENV MYCELIUM_S3_PORT=9000
ENV MYCELIUM_HTTP_PORT=8080
USER node
VOLUME /data
EXPOSE 9000 8080
STOPSIGNAL SIGTERM
# Starting may take long: a large store replays its change log first.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10m --retries=3 CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["mycelium"]
CMD ["up"]
