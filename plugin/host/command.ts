import { type ExecFileException, execFile } from "node:child_process";
import { HostError } from "./error.js";

/** Debian's packages for the programs that we call. */
const packages: Readonly<Record<Program, string>> = { ip: "iproute2", nft: "nftables" };

export type Program = "ip" | "nft";

/** sbin is not in everybody's PATH. */
const environment = { ...process.env, LC_ALL: "C", PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };

const outputLimit = 64 * 2 ** 20;
/** A netlink request takes milliseconds; so long means that the kernel or the program hangs. */
const timeout = 20_000;

/** Runs a program and gives what it prints. Throws HostError with the whole command and what the program said. */
export async function run(program: Program, args: readonly string[], input?: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const options = { env: environment, maxBuffer: outputLimit, timeout };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(failure(program, args, error, stderr));
    });
    // Broken pipes come from a child that is gone, which the callback above reports with its reason.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

/** Whether the program is there; gives the first line of its version. */
export async function version(program: Program): Promise<string> {
  const output = await run(program, [program === "ip" ? "-V" : "--version"]);
  return output.split("\n")[0] ?? "";
}

function failure(
  program: Program,
  args: readonly string[],
  error: ExecFileException,
  stderr: string,
): HostError {
  const command = [program, ...args].join(" ");
  if (error.code === "ENOENT") {
    const advice = `install the package ${packages[program]}`;
    return new HostError("HOST_PROGRAM_MISSING", `the program ${program} is not installed; ${advice}`, error);
  }
  const said = stderr.trim().replaceAll(/\s*\n\s*/g, " / ") || error.message;
  if (/not permitted|must be root/i.test(stderr)) {
    const advice = "run ovs-tpo as root, or give it CAP_NET_ADMIN in the network namespace of ovs-vswitchd";
    return new HostError("HOST_PRIVILEGE", `\`${command}\` is not permitted (${said}); ${advice}`, error);
  }
  const advice = error.killed === true ? `it did not answer within ${timeout / 1000} s` : said;
  return new HostError("HOST_COMMAND_FAILED", `\`${command}\` failed: ${advice}`, error);
}
