/** The store, handed down once by main.tsx. */
import { createContext, useContext } from "react";
import type { PageStore, Store } from "./store.ts";

export const StoreContext = createContext<PageStore | undefined>(undefined);

export function useStore<T>(select: (store: Store) => T): T {
  const store = useContext(StoreContext);
  if (!store) throw new Error("no store above this component");
  return store(select);
}
