import { EncodeError } from "../errors/error.js";
import { type Codec, mapped, u16 } from "../wire/codec.js";

const firstReserved16 = 0xff00;
const firstReserved32 = 0xffffff00;

/**
 * A port number in the 16 bits of OpenFlow 1.0 and of the Nicira extensions: the reserved numbers are those of later
 * versions without the upper half (OVS `ofputil_port_from_ofp11`).
 */
export const port16: Codec<number> = mapped(
  u16,
  (port) => (port >= firstReserved16 ? port + (firstReserved32 - firstReserved16) : port),
  (port) => {
    if (port >= firstReserved32) return port - (firstReserved32 - firstReserved16);
    if (port >= firstReserved16) {
      throw new EncodeError("ERR_OPENFLOW_RANGE", `port ${port} does not fit the 16 bits it has here`);
    }
    return port;
  },
);
