import assert from "node:assert/strict";

/** From then on a user is needed: root, with the password `secret-of-root`. */
export async function enableAuth(address: string): Promise<void> {
  const ask = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`${address}/v3/auth/${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 200, await answer.text());
  };
  await ask("user/add", { name: "root", password: "secret-of-root" });
  await ask("role/add", { name: "root" });
  await ask("user/grant", { user: "root", role: "root" });
  await ask("enable", {});
}
