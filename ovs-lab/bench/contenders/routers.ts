import type { Lab } from "../../lab.js";
import { ip, setSysctls } from "../../namespace.js";

/** What ends TCP in a router gets the buffers that the hosts have, and bbr towards the WAN. */
const BUFFERS = {
  "ipv4/tcp_rmem": "4096 131072 67108864",
  "ipv4/tcp_wmem": "4096 65536 67108864",
  "ipv4/tcp_no_metrics_save": 1,
} as const;

/** Makes the routers good places for proxies. What they merely forward is not concerned. */
export async function prepareRouters({ topology }: Lab): Promise<void> {
  const { sites } = topology;
  for (const { router } of sites) setSysctls(router.namespace, BUFFERS);
  await Promise.all(
    sites.map((site) => {
      const others = sites.filter((other) => other !== site);
      const routes = others.map(
        ({ ipv4Prefix, router }) => `route replace ${ipv4Prefix} via ${router.wan.ipv4} congctl bbr`,
      );
      const neighbours = others.map(({ router }) => `route replace ${router.wan.ipv4} dev wan0 congctl bbr`);
      return ip([...routes, ...neighbours], site.router.namespace);
    }),
  );
}
