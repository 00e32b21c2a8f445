import type { Lab } from "../../lab.js";
import { ip, setSysctls } from "../../namespace.js";
import { WAN_DEVICE } from "../../topology.js";
import { BenchError } from "../error.js";

/** What ends TCP in a router gets the buffers that the hosts have, and bbr towards the WAN. */
const BUFFERS = {
  "ipv4/tcp_rmem": "4096 131072 67108864",
  "ipv4/tcp_wmem": "4096 65536 67108864",
  "ipv4/tcp_no_metrics_save": 1,
} as const;

/**
 * Makes the routers good places for proxies; again is no harm. What they merely forward is not concerned.
 * @throws BenchError `CONTENDER_FAILED` where the kernel has no bbr
 */
export async function prepareRouters({ topology }: Lab): Promise<void> {
  const { sites } = topology;
  for (const { router } of sites) setSysctls(router.namespace, BUFFERS);
  const all = sites.map((site) => {
    const others = sites.filter((other) => other !== site);
    const lines = others.flatMap(({ ipv4Prefix, router: { wan } }) => [
      `route replace ${ipv4Prefix} via ${wan.ipv4} congctl bbr`,
      `route replace ${wan.ipv4} dev ${WAN_DEVICE} congctl bbr`,
    ]);
    return ip(lines, site.router.namespace);
  });
  try {
    await Promise.all(all);
  } catch (cause) {
    const { message } = cause as Error;
    throw new BenchError(
      "CONTENDER_FAILED",
      `this kernel gives the routers no bbr; try: modprobe tcp_bbr (${message})`,
      {
        cause,
      },
    );
  }
}
