FROM node:22-slim AS build
WORKDIR /src
COPY . .
RUN node scripts/run.mjs build && npm prune --omit=dev

FROM node:22-slim
LABEL org.opencontainers.image.title="paperkube" org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /opt/paperkube
COPY --from=build /src/package.json /src/LICENSE /src/NOTICE ./
COPY --from=build /src/dist dist
COPY --from=build /src/generated/schema generated/schema
USER node
EXPOSE 6443
HEALTHCHECK --interval=2s --timeout=2s --start-period=2s --retries=5 \
  CMD ["node", "-e", "require('https').get({host:'127.0.0.1',port:6443,path:'/readyz',rejectUnauthorized:false},r=>process.exit(r.statusCode===200?0:1)).on('error',()=>process.exit(1))"]
ENTRYPOINT ["node", "--v8-pool-size=0", "dist/main.js"]
CMD ["start", "--host", "0.0.0.0", "--port", "6443", "--no-merge"]
