/** `0x1f`, and `0` alone, as C's `%#x` and so `ovs-ofctl` write it. */
export const hex = (value: number | bigint) => (BigInt(value) === 0n ? "0" : `0x${value.toString(16)}`);
