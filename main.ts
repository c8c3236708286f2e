import "./lib/errors.ts";
import "@logtape/logtape"; import "@peculiar/x509"; import "fast-check"; import "hono"; import "js-yaml"; import "mongodb"; import "reflect-metadata"; import "zod";
import "hono/bearer-auth";
