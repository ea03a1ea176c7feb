import assert from "node:assert/strict";
import { BREAKS } from "../reach/breaks.ts";
import { Site } from "../reach/site.ts";
import { tryBreak } from "../reach/try.ts";
import { hostTest } from "../test-host/host-test.ts";
import { awaitsConfirmation, deploy, ended, PROGRAM, systemSpec } from "./deploying.ts";

const baseline = systemSpec();

/** `make check-reach` tries all of them. */
const TWO = ["the firewall lets another port in", "sshd listens on localhost only"];

hostTest(
  "a deploy after which nobody can log in: the documented loop cannot confirm it, and the host comes back",
  { baseline },
  async (host) => {
    await using site = await Site.open(host);
    const chosen = BREAKS.filter(({ name }) => TWO.includes(name));
    assert.equal(chosen.length, TWO.length);
    for (const one of chosen) {
      const { wrong, broken, noticed, loop } = await tryBreak(site, one, 8);
      assert.equal(wrong, null, one.name);
      assert.deepEqual([broken, noticed, loop], ["proven", "no confirmation", 3], one.name);
    }
  },
);

/** A connection from before the deploy, which later calls share. */
const SHARED = "-o ControlPath=/tmp/reach-%C";

hostTest(
  "a good deploy: an old connection and the host itself cannot confirm it, the documented loop does",
  { baseline },
  async (host) => {
    await using site = await Site.open(host);
    const { operator } = site;
    await operator.run(`ssh ${SHARED} -o ControlMaster=yes -fN root@web1 >/dev/null 2>&1`);
    const target = await host.buildToplevel(site.good("new", { confirm: { within: 200 } }));
    const id = await deploy(host, target, "--delay", "0");
    await awaitsConfirmation(host, id);
    const wait = `deploy-finalize wait --confirm ${id}`;
    const shared = await operator.run(`ssh ${SHARED} root@web1 ${wait}`);
    await operator.run(`ssh ${SHARED} -O exit root@web1`);
    assert.equal(shared.exitCode, 75, shared.stderr);
    assert.match(shared.stderr, /this SSH connection began before the act.*-o ControlPath=none/);
    const inside = await host.run([...PROGRAM, "wait", "--confirm", id]);
    assert.equal(inside.exitCode, 1, inside.stderr);
    assert.match(inside.stderr, /did not come over SSH/);
    const toItself = await host.run(["ssh", "root@localhost", ...PROGRAM, "wait", "--confirm", id]);
    assert.equal(toItself.exitCode, 1, toItself.stderr);
    assert.match(toItself.stderr, /comes from this host itself/);
    assert.equal(await site.confirm({ id }), 0);
    const { outcome } = await ended(host, id);
    assert.match(outcome?.reason ?? "", /^confirmed by root from 10\.[\d.]+, by a new login/);
  },
);
