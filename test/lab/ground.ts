import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before } from "node:test";
import { run } from "../../ovs-lab/command.js";
import { Lab, LabError, type LabOptions } from "../../ovs-lab/index.js";

export const names = { one: `t${process.pid}-one`, two: `t${process.pid}-two` };

export function up(name: string, options: LabOptions = {}): Promise<Lab> {
  return Lab.up({ plugin: false, ...options, name });
}

export async function hasCode(code: string, promise: Promise<unknown>): Promise<LabError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof LabError, `${error}`);
    assert.equal(error.code, code, error.message);
    return error;
  }
  return assert.fail(`nothing was refused with ${code}`);
}

/** Sends `count` pings; gives the round trips in milliseconds of those that were answered, in order of their sending. */
export async function ping(
  lab: Lab,
  from: string,
  to: string,
  count: number,
  ...more: string[]
): Promise<number[]> {
  const { stdout } = await lab.exec(from, ["ping", "-c", `${count}`, "-i", "0.02", "-W", "1", ...more, to]);
  return [...stdout.matchAll(/ time=([\d.]+) ms/g)].map((match) => Number(match[1]));
}

/** What a lab could leave behind on the machine. */
export async function machine(): Promise<object> {
  const { stdout: namespaces } = await run(["ip", "netns", "list"]);
  const { stdout: links } = await run(["ip", "-o", "link", "show"]);
  const { stdout: routes } = await run(["ip", "route", "show", "table", "all"]);
  const { stdout: processes } = await run(["ps", "-eo", "args"]);
  const own = (text: string) =>
    text.split("\n").filter((line) => Object.values(names).some((name) => line.includes(name)));
  return {
    namespaces: own(namespaces),
    processes: own(processes),
    links: links.split("\n").map((line) => line.split(":")[1]?.trim()),
    routes: routes.split("\n").filter((line) => /10\.[12]\.0\.|fd00:[12]:/.test(line)),
    files: Object.values(names).filter((name) => existsSync(`/run/ovs-lab/${name}`)),
  };
}

/** Has a file's tests leave the machine as they find it, without anything of these labs. */
export function leaveNothing(): void {
  let clean: object;
  before(async () => {
    clean = await machine();
    assert.deepEqual(
      { ...clean, links: [] },
      { namespaces: [], processes: [], links: [], routes: [], files: [] },
    );
  });
  after(async () => {
    for (const name of Object.values(names)) await Lab.down(name);
    assert.deepEqual(await machine(), clean);
  });
}
