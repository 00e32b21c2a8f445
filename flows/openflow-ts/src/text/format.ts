import type { Action, ActionOf, ActionType } from "../model/action.js";

/** How an action is written. */
export type Format<T extends ActionType> = (action: ActionOf<T>) => string;

/** By type of action. */
export type Formats = { readonly [T in ActionType]?: Format<T> };

/** How a list of actions is written. */
export type FormatActions = (actions: readonly Action[]) => string;
