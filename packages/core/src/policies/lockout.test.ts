import type { Table } from "@cadastre/store/table";
import { expect, test } from "vitest";
import { aContext, anAdmin, type TestContext } from "../audit/testing.ts";
import { FIRST_ORGANIZATION } from "../context.ts";
import { deletePrincipal } from "../directory/principals.ts";
import { createServiceAccount } from "../directory/service-accounts.ts";
import { requireAdminBeside } from "./lockout.ts";
import { createRoleBinding, deleteRoleBinding } from "./role-bindings.ts";

/** A table whose first commits wait for each other, so that what they rest on was read before any of them. */
function meeting(table: Table, count: number): Table {
  let waiting: (() => void)[] = [];
  let left = count;
  return {
    ...table,
    async commit(writes) {
      if (left > 0) {
        left -= 1;
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          if (left === 0) for (const go of waiting.splice(0)) go();
        });
        waiting = [];
      }
      return table.commit(writes);
    },
  };
}

async function twoAdmins(context: TestContext) {
  return Promise.all(
    ["one", "other"].map(async (name) => {
      const { id } = await createServiceAccount(context, anAdmin, { name, organization: FIRST_ORGANIZATION });
      const principal = { type: "service-account", id } as const;
      const resource = { type: "system", id: "system" } as const;
      const binding = await createRoleBinding(context, anAdmin, { principal, role: "SystemAdmin", resource });
      return { id, binding: binding.id };
    }),
  );
}

test.each(["by their bindings", "by their accounts"])(
  "of the last two who administer the system one stays, taken away at once %s",
  async (how) => {
    const context = aContext();
    const admins = await twoAdmins(context);
    const together = { ...context, table: meeting(context.table, 2) };
    const taken = await Promise.allSettled(
      admins.map(({ id, binding }) =>
        how === "by their bindings"
          ? deleteRoleBinding(together, anAdmin, binding)
          : deletePrincipal(
              together,
              anAdmin,
              { type: "service-account", id },
              {
                rests: () => requireAdminBeside(together, anAdmin, id),
              },
            ),
      ),
    );
    const reasons = taken.map((one) => (one.status === "rejected" ? (one.reason as { code: string }).code : "done"));
    expect(reasons.toSorted()).toEqual(["access.last_admin", "done"]);
  },
);
