# The executable in an image without anything else: no shell, no package manager, no root.
#
#   docker build -t drec .
#   docker run -d --name drec --hostname drec -p 8443:8443 -v drec:/data --read-only drec
#   docker exec drec /drec registry-config

FROM denoland/deno:debian-2.9.6 AS build
WORKDIR /src
COPY deno.json deno.lock main.ts ./
COPY lib lib
RUN deno task compile && mkdir /data

# `cc`, because the executable needs glibc and libgcc.
FROM gcr.io/distroless/cc-debian13:nonroot
COPY --from=build /src/dist/drec /drec
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532

# Everything that DREC writes is below /data: the database, certs/ with the certificates, and the
# tokens. Relative paths of a configuration begin here, and /data/config.yml is read if it is there.
WORKDIR /data
VOLUME /data

# What differs from the defaults outside of an image. Nothing here concerns `server.ssl`, so that a
# configuration can still turn it off or name other files.
ENV DREC_SERVER_ADDRESS=0.0.0.0 \
    DREC_SQLITE_PATH=/data/drec.db

EXPOSE 8443
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/drec", "healthcheck"]

# Flags and subcommands pass through: `docker run drec check`, `docker run drec --log-level debug`.
ENTRYPOINT ["/drec"]
