/** `0x1f`, and `0` alone, as C's `%#x` and so `ovs-ofctl` write it. */
export const hex = (value: number | bigint) => (BigInt(value) === 0n ? "0" : `0x${value.toString(16)}`);
/** `0x001f`: four digits, as an Ethernet type is written. */
export const hex4 = (value: number) => `0x${value.toString(16).padStart(4, "0")}`;
