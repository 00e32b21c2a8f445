import { closeSync, fstatSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { formatKey, KeyError, KeyPair, parseKey } from "./keys.js";

/** A key file that cannot be used; the message says what to do about it. */
export class KeyFileError extends Error {
  override readonly name = "KeyFileError";
  readonly code: "missing" | "permissions" | "content" | "exists" | "system";

  constructor(code: KeyFileError["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Permissions of anybody but the owner. */
const OTHERS = 0o077;

/** Reads a private key: one line of base64, in a file that nobody but its owner may read. @throws KeyFileError */
export function readKeyFile(path: string): KeyPair {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      throw new KeyFileError(
        "missing",
        `there is no key file ${path}; make one: ovs-tpo keygen ${path}`,
        error,
      );
    throw new KeyFileError("system", `cannot read the key file: ${message}`, error);
  }
  let text: string;
  try {
    const { mode } = fstatSync(fd);
    if ((mode & OTHERS) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, "0");
      throw new KeyFileError(
        "permissions",
        `others than its owner may use the key file ${path} (mode ${octal}); take that from them: chmod 600 ${path}`,
      );
    }
    text = readFileSync(fd, "utf8");
  } catch (error) {
    if (error instanceof KeyFileError) throw error;
    throw new KeyFileError("system", `cannot read the key file ${path}: ${(error as Error).message}`, error);
  } finally {
    closeSync(fd);
  }
  try {
    return KeyPair.fromPrivate(parseKey(text.trim()));
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    throw new KeyFileError(
      "content",
      `there is no private key in ${path}: ${error.message}; make one in another file: ovs-tpo keygen FILE`,
    );
  }
}

/** Makes a key file that only its owner may read, never in place of another one. @throws KeyFileError */
export function writeKeyFile(path: string, pair = KeyPair.generate()): KeyPair {
  const bytes = pair.privateBytes();
  try {
    writeFileSync(path, `${formatKey(bytes)}\n`, { flag: "wx", mode: 0o600 });
    return pair;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST")
      throw new KeyFileError(
        "exists",
        `${path} is there already, and is left as it is; give another name, or see its public key: ovs-tpo pubkey ${path}`,
        error,
      );
    throw new KeyFileError("system", `cannot write the key file: ${message}`, error);
  } finally {
    bytes.fill(0);
  }
}
