import { forwarders } from "@cadastre/contract/endpoints/forwarders";
import { ProblemError } from "@cadastre/contract/errors";
import { askReplay, askTest, listLetters } from "@cadastre/core/forwarding/ask";
import {
  createForwarder,
  deleteForwarder,
  getForwarder,
  listForwarders,
  patchForwarder,
  rotateForwarder,
} from "@cadastre/core/forwarding/forwarders";
import { implement } from "./route.ts";

export const FORWARDER_ROUTES = implement(forwarders, {
  create: {
    handle: ({ context, actor, body }) => createForwarder(context, actor, body),
    async replay(_, { target }) {
      throw new ProblemError(
        "request.conflict",
        `${target} was made under this Idempotency-Key and its secret was shown then; rotate it for another one`,
        { extra: { forwarder: target } },
      );
    },
  },
  list: ({ context, query }) => listForwarders(context, query),
  get: ({ context, params }) => getForwarder(context, params.id),
  patch: ({ context, actor, params, body, version }) => patchForwarder(context, actor, params.id, body, { version }),
  async delete({ context, actor, params }) {
    await deleteForwarder(context, actor, params.id);
    return undefined;
  },
  test: ({ context, actor, params }) => askTest(context, actor, params.id),
  rotate: ({ context, actor, params, body }) => rotateForwarder(context, actor, params.id, body),
  deadLetters: ({ context, params, query }) => listLetters(context, params.id, query),
  replay: ({ context, actor, params }) => askReplay(context, actor, params.id),
});
