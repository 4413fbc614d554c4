/** What the second thread runs. */
import { serveScans } from "./scan_worker.ts";

serveScans();
