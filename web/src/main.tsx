/** Starts the page. */

import { QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { newQueryClient } from "./api/queries";
import { App } from "./app";
import { applyPrefs } from "./settings/prefs";
import "uplot/dist/uPlot.min.css";
import "./style/tokens.css";
import "./style/base.css";
import "./style/shell.css";
import "./style/views.css";
import "./style/watch.css";
import "./style/limits.css";
import "./style/promised.css";
import "./style/oncall.css";

applyPrefs();
createRoot(document.getElementById("root") as HTMLElement).render(
  <QueryClientProvider client={newQueryClient()}>
    <App />
  </QueryClientProvider>,
);
