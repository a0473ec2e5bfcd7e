import * as z from "zod";
import { consumerState, deadLetter } from "../feed.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { pagingQuery } from "./query.ts";

const consumer = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, "a consumer's name");
const byLetter = z.object({ consumer, id: z.string().min(1).max(1500) });
const aLetter = { consumer: "event-bus", id: "MjAyNg" };

export const consumers = defineArea("consumers", {
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/consumers",
    access: operator("feed:read", "consumer"),
    summary: "Who is told of changes, and how far each of them is",
    answer: z.object({ items: z.array(consumerState) }),
  }),
  deadLetters: defineEndpoint({
    method: "GET",
    path: "/api/v1/consumers/{consumer}/dead-letters",
    access: operator("feed:read", "consumer"),
    summary: "Changes that a consumer could not take after all attempts, oldest first",
    params: z.object({ consumer }),
    query: pagingQuery,
    answer: page(deadLetter),
    errors: ["consumer.not_found"],
    example: { params: { consumer: "event-bus" } },
  }),
  replay: defineEndpoint({
    method: "POST",
    path: "/api/v1/consumers/{consumer}/dead-letters/{id}/replay",
    access: operator("feed:write", "consumer"),
    summary: "Have a change told again to the consumer that could not take it",
    params: byLetter,
    status: 202,
    answer: deadLetter,
    mutates: "consumer.replay",
    errors: ["consumer.letter_not_found", "request.conflict"],
    example: { params: aLetter },
  }),
  drop: defineEndpoint({
    method: "DELETE",
    path: "/api/v1/consumers/{consumer}/dead-letters/{id}",
    access: operator("feed:write", "consumer"),
    summary: "Give a change up for the consumer that could not take it",
    params: byLetter,
    status: 204,
    mutates: "consumer.drop",
    errors: ["consumer.letter_not_found", "request.conflict"],
    example: { params: aLetter },
  }),
});
