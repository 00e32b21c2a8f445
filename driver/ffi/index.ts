export {
  AEAD_KEY_BYTES,
  AEAD_TAG_BYTES,
  type DatagramCipher,
  datagramCipher,
  hasNativeCipher,
} from "./aead.js";
export { monotonicNow, setTimerSlack } from "./clock.js";
export { DatagramSocket, type DatagramSocketOptions } from "./datagram.js";
export { close, drain, eventDescriptor, read, signal, write } from "./descriptor.js";
export { SystemError } from "./error.js";
export { inNetworkNamespace } from "./network-namespace.js";
export { type FilterStep, packetSocket } from "./packet.js";
export { Poller } from "./poller.js";
export { descriptorOf } from "./process.js";
export { Region } from "./region.js";
export {
  abortOnClose,
  accept,
  bind,
  bindBesideListener,
  CONGESTION_CONTROL_NAME_MAX,
  connect,
  type Endpoint,
  type Family,
  familyOf,
  getOption,
  listen,
  localEndpoint,
  savedSyn,
  setCongestionControl,
  setDscp,
  setOption,
  setTransparent,
  socket,
  takeFatalError,
  unacknowledged,
} from "./socket.js";
export { INTERFACE_NAME_MAX, openTun, type TunOptions } from "./tun.js";
