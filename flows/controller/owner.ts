/** The key in `external_ids` that says that a port or a bridge is ours; its value is the instance. */
export const OWNER_KEY = "ovs-tpo";
