using System.Globalization;
using System.Text.Json;

namespace EdgeLearn.Gesture;

/// <summary>The result for people and for programs.</summary>
static class Report
{
    public static void WriteJson(Stream output, GestureOptions options, bool simulated, GestureResult result)
    {
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("rule", options.Rule.Word);
            json.WriteString("update", options.Update.Word);
            json.WriteNumber("seed", options.Seed);
            json.WriteBoolean("simulated", simulated);
            json.WriteNumber("windows", result.Windows);
            json.WriteStartObject("known_before_learning");
            foreach (var (name, known) in result.Known)
            {
                json.WriteStartArray(name);
                for (int q = 0; q < known.Length; q++)
                    json.WriteNumberValue(result.Quarters[q] > 0 ? Math.Round((double)known[q] / result.Quarters[q], 4) : 0);
                json.WriteEndArray();
            }

            json.WriteEndObject();
            json.WriteNumber("planned_bytes", result.PlannedBytes);
            json.WriteNumber("parameter_bytes", result.ParameterBytes);
            json.WriteNumber("optimizer_state_bytes", result.UpdateStateBytes);
            json.WriteNumber("allocated_bytes_per_step", result.AllocatedBytesPerWindow);
            json.WriteNumber("peak_rss_bytes", PeakRssBytes());
            json.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
    }

    public static void WriteText(TextWriter output, GestureResult result, bool simulated)
    {
        output.Write("known before learning ");
        foreach (var (name, _) in result.Known) output.Write($"{name,11}");
        output.WriteLine();
        int first = 0;
        for (int q = 0; q < result.Quarters.Length; q++)
        {
            if (result.Quarters[q] == 0) continue;
            if (q == 2 && simulated) output.WriteLine("  the sensor is turned by a quarter; \"stopped\" learns no more");
            output.Write($"  windows {first + 1,4}-{first + result.Quarters[q],-9}");
            foreach (var (_, known) in result.Known) output.Write($"{(double)known[q] / result.Quarters[q],11:0.000}");
            output.WriteLine();
            first += result.Quarters[q];
        }

        output.WriteLine($"memory                {result.PlannedBytes:N0} planned bytes "
            + $"({result.ParameterBytes:N0} of weights, {result.UpdateStateBytes} of update state), "
            + $"{result.AllocatedBytesPerWindow} managed bytes a step; peak RSS {PeakRssBytes() / 1048576.0:0.0} MiB");
    }

    static long PeakRssBytes()
    {
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                return 1024 * long.Parse(line.AsSpan(6).Trim().TrimEnd(" kB"), CultureInfo.InvariantCulture);
        }

        return 0;
    }
}
