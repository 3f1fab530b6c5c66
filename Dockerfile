# docker build -t omnibus . && docker run --init --read-only --tmpfs /tmp -v omnibus:/data -p 127.0.0.1:8080:8080 omnibus
# `npm run container` performs these steps without an engine; docs/operations.md says what that proves.

FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without scripts: the Node.js of npm is for machines that have none, and `prepare` needs the sources.
RUN npm ci --ignore-scripts
COPY . .
RUN npm run prepare
RUN npm prune --omit=dev --ignore-scripts
# What was compiled is found again by this version of Node.js at this path only, so it is made at the end.
RUN rm -rf node_modules/.cache && node gateway/warm.ts && mkdir -p empty

FROM node:26-slim
ENV NODE_ENV=production OMNIBUS_HOST=0.0.0.0 OMNIBUS_DATA_DIR=/data
WORKDIR /app
COPY --from=build /app ./
# The user `node` of the image, by number, so that an orchestrator can see that it is not root.
COPY --from=build --chown=1000:1000 /app/empty /data
USER 1000:1000
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "gateway/healthy.js"]
ENTRYPOINT ["node", "gateway/start.js"]
CMD ["serve"]
