import { EncodeError } from "../errors/error.js";
import type { BundleAction, MultipathAction } from "../model/nicira-action.js";
import { type Codec, pad, struct, u16, u32, zeros } from "../wire/codec.js";
import type { Body } from "./entry.js";
import { port16 } from "./port.js";
import { subfield } from "./subfield.js";

/** `NXAST_MULTIPATH`. */
export const multipath: Codec<Body<MultipathAction>> = struct({
  fields: u16,
  basis: u16,
  _pad: pad(2),
  algorithm: u16,
  maxLink: u16,
  argument: u32,
  _pad2: pad(2),
  destination: subfield,
});

/** `NXAST_BUNDLE`, and with `load` `NXAST_BUNDLE_LOAD`, which has a destination. */
export function bundle(load: boolean): Codec<Body<BundleAction>> {
  return {
    read(reader) {
      const choice = {
        algorithm: reader.u16(),
        fields: reader.u16(),
        basis: reader.u16(),
        memberType: reader.u32(),
      };
      const count = reader.u16();
      const destination = load ? { destination: subfield.read(reader) } : zeros(6).read(reader);
      zeros(4).read(reader);
      const ports = Array.from({ length: count }, () => port16.read(reader));
      return { ...choice, ...destination, ports };
    },
    write(writer, action) {
      writer.u16(action.algorithm);
      writer.u16(action.fields);
      writer.u16(action.basis);
      writer.u32(action.memberType);
      writer.u16(action.ports.length);
      if (!load) writer.zeros(6);
      else if (action.destination) subfield.write(writer, action.destination);
      else throw new EncodeError("ERR_OPENFLOW_VALUE", "bundle_load needs a destination");
      writer.zeros(4);
      for (const port of action.ports) port16.write(writer, port);
    },
  };
}
