import { InvalidError } from "../errors/error.js";
import type { TableModProperties } from "../model/table.js";

const percent = 100;

/** Throws an `InvalidError` for what OVS would refuse: vacancies that are no percentages in order, and what it lacks. */
export function checkTableProperties({ vacancy, experimenter, unknown }: TableModProperties): void {
  if (experimenter || unknown) {
    throw new InvalidError("OFPBPC_BAD_TYPE", "a property of tables that OVS does not have");
  }
  if (vacancy && (vacancy.down > vacancy.up || vacancy.up > percent)) {
    throw new InvalidError("OFPBPC_BAD_VALUE", `vacancy from ${vacancy.down} to ${vacancy.up} percent`);
  }
}
