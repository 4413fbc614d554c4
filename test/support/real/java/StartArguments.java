import java.nio.file.Path;
import java.util.Map;
import org.elasticsearch.bootstrap.ServerArgs;
import org.elasticsearch.common.io.stream.OutputStreamStreamOutput;
import org.elasticsearch.common.settings.KeyStoreWrapper;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.node.InternalSettingsPreparer;

/**
 * Writes to standard output what the server reads from its standard input: its merged settings, with an empty key
 * store. Arguments: home, config folder, log folder, node name.
 */
public final class StartArguments {
  private StartArguments() {}

  public static void main(String[] arguments) throws Exception {
    Path config = Path.of(arguments[1]), logs = Path.of(arguments[2]);
    Settings paths = Settings.builder().put("path.home", arguments[0]).put("path.logs", arguments[2]).build();
    var environment =
        InternalSettingsPreparer.prepareEnvironment(paths, Map.of(), config, () -> arguments[3]);
    // As a daemon: the end of standard input does not end the server.
    boolean daemon = true, quiet = false;
    var start =
        new ServerArgs(daemon, quiet, null, KeyStoreWrapper.create(), environment.settings(), config, logs);
    try (var out = new OutputStreamStreamOutput(System.out)) {
      start.writeTo(out);
    }
  }
}
