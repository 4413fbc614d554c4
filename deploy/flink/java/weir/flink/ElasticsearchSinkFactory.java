package weir.flink;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.FactoryUtil;

/** 'connector' = 'weir-elasticsearch': the options, each with what it is for. */
public final class ElasticsearchSinkFactory implements DynamicTableSinkFactory {
  /** Addresses; where one does not answer the next is asked. */
  static final ConfigOption<List<String>> HOSTS =
      ConfigOptions.key("hosts").stringType().asList().noDefaultValue();

  /** Where documents go whose row has no column `_index`. */
  static final ConfigOption<String> INDEX =
      ConfigOptions.key("index").stringType().defaultValue("");

  /** create: a document that is there stays as it is. index: the later one takes its place. */
  static final ConfigOption<Operation> OPERATION =
      ConfigOptions.key("operation").enumType(Operation.class).defaultValue(Operation.CREATE);

  static final ConfigOption<String> USERNAME =
      ConfigOptions.key("username").stringType().defaultValue("");

  static final ConfigOption<String> PASSWORD =
      ConfigOptions.key("password").stringType().defaultValue("");

  /** Instead of user and password. */
  static final ConfigOption<String> API_KEY =
      ConfigOptions.key("api-key").stringType().defaultValue("");

  static final ConfigOption<Integer> BULK_ROWS =
      ConfigOptions.key("bulk.rows").intType().defaultValue(2000);

  static final ConfigOption<MemorySize> BULK_BYTES =
      ConfigOptions.key("bulk.bytes").memoryType().defaultValue(MemorySize.parse("4mb"));

  /** How long what may pass is tried again before the job fails and goes back to its checkpoint. */
  static final ConfigOption<Duration> RETRY_FOR =
      ConfigOptions.key("retry.for").durationType().defaultValue(Duration.ofMinutes(5));

  /** Takes documents that Elasticsearch refuses for good, with the reason. Without it they fail the job. */
  static final ConfigOption<String> REFUSED_INDEX =
      ConfigOptions.key("refused.index").stringType().defaultValue("");

  /** Keys that a column of type MAP does not give to the document. */
  static final ConfigOption<List<String>> MAP_WITHOUT =
      ConfigOptions.key("map.without").stringType().asList().defaultValues();

  enum Operation { CREATE, INDEX }

  @Override
  public String factoryIdentifier() {
    return "weir-elasticsearch";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of(HOSTS);
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of(INDEX, OPERATION, USERNAME, PASSWORD, API_KEY, BULK_ROWS, BULK_BYTES, RETRY_FOR,
        REFUSED_INDEX, MAP_WITHOUT);
  }

  @Override
  public DynamicTableSink createDynamicTableSink(Context context) {
    FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
    helper.validate();
    ReadableConfig options = helper.getOptions();
    RowDocument.Shape shape = RowDocument.shapeOf(
        context.getCatalogTable().getResolvedSchema(), options.get(INDEX), options.get(OPERATION),
        Set.copyOf(options.get(MAP_WITHOUT)));
    return new ElasticsearchTableSink(shape, Target.of(options));
  }

  /** Where and how bulk requests go. */
  record Target(List<String> hosts, String authorization, int rows, long bytes, long retryMs,
      String refusedIndex) implements java.io.Serializable {
    static Target of(ReadableConfig options) {
      List<String> hosts = options.get(HOSTS).stream().map(host -> host.replaceAll("/+$", "")).toList();
      return new Target(List.copyOf(hosts), authorizationOf(options), options.get(BULK_ROWS),
          options.get(BULK_BYTES).getBytes(), options.get(RETRY_FOR).toMillis(),
          options.get(REFUSED_INDEX));
    }

    private static String authorizationOf(ReadableConfig options) {
      if (!options.get(API_KEY).isEmpty()) return "ApiKey " + options.get(API_KEY);
      if (options.get(USERNAME).isEmpty()) return "";
      String pair = options.get(USERNAME) + ":" + options.get(PASSWORD);
      byte[] bytes = pair.getBytes(java.nio.charset.StandardCharsets.UTF_8);
      return "Basic " + java.util.Base64.getEncoder().encodeToString(bytes);
    }

    @Override
    public String toString() {
      return "Target" + hosts; // nothing secret in a plan or a log
    }
  }
}
