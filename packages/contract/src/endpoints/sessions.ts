import * as z from "zod";
import { idSchema } from "../ids.ts";
import { session } from "../login.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, oneself } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { pagingQuery } from "./query.ts";

export const sessions = defineArea("sessions", {
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/sessions",
    access: oneself("self:read", "session", { by: "any" }),
    summary: "Your sessions, newest first; the one that asks is marked",
    query: pagingQuery,
    answer: page(session),
  }),
  end: defineEndpoint({
    method: "DELETE",
    path: "/api/v1/sessions/{id}",
    access: oneself("session:end", "session", { by: "any" }),
    summary: "End one of your sessions at once",
    params: z.object({ id: idSchema("session") }),
    status: 204,
    mutates: "session.end",
    errors: ["session.not_found", "request.conflict"],
    example: { params: { id: exampleId("session") } },
  }),
});
