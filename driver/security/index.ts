export { CookieJar } from "./cookie-jar.js";
export { KeyFileError, readKeyFile, writeKeyFile } from "./key-file.js";
export { formatKey, KEY_BYTES, KeyError, KeyPair, parseKey } from "./keys.js";
export { NOISE_OVERHEAD, NoiseInitiator, type NoiseKeys, NoiseResponder } from "./noise.js";
export { MAC_BYTES, mac, PairwiseKeys, SEALED_COOKIE_BYTES } from "./pairwise.js";
export { ReplayWindow } from "./replay-window.js";
