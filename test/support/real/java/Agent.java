import java.lang.instrument.Instrumentation;

/** Attached by the server to itself; passes the instrumentation on to the class whose name it is given. */
public final class Agent {
  private Agent() {}

  public static void agentmain(String className, Instrumentation instrumentation) throws Exception {
    var initialize = Class.forName(className).getMethod("initialize", Instrumentation.class);
    initialize.invoke(null, instrumentation);
  }
}
