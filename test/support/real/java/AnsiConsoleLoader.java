package org.elasticsearch.io.ansi;

import java.util.function.Supplier;

/** The server looks for a terminal here; a test's server has none. */
public final class AnsiConsoleLoader implements Supplier<Object> {
  @Override
  public Object get() {
    return null;
  }
}
