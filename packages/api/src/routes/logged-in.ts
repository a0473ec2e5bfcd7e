import type { LoggedIn } from "@cadastre/core/login/logged-in";
import { endOf } from "@cadastre/core/login/sessions";

/** What somebody who has logged in is answered, however that was. */
export function toLoggedIn({ csrf, item, user, due }: LoggedIn) {
  const { id, userName, displayName } = user;
  return {
    csrf,
    user: { id, userName, displayName, organization: item.organization },
    expiresAt: endOf(item),
    ...(due === undefined ? {} : { stepUpNeeded: true as const, methods: due }),
  };
}
