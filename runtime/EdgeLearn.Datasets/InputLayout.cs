namespace EdgeLearn.Datasets;

/// <summary>Where the channels of an array's items lie.</summary>
public enum InputLayout
{
    /// <summary>Height x width x channels, steps x features: as TensorFlow and most image libraries have them.</summary>
    ChannelsLast,

    /// <summary>Channels x height x width, channels x steps: as PyTorch has them.</summary>
    ChannelsFirst,
}

/// <summary>Brings the items of arrays into the order in which everything here reads: the channel innermost.</summary>
static class InputLayouts
{
    /// <summary>The same array with its channels innermost; what is given is closed where another is returned.</summary>
    /// <param name="inputs">an array of inputs</param>
    /// <param name="options">what the user and the model say</param>
    /// <param name="shape">of an input, where it is known</param>
    /// <param name="cache">where a reordered array is kept</param>
    /// <exception cref="EdgeLearnException">The shape can be meant either way, or has no channels.</exception>
    public static ArrayFile Lay(this ArrayFile inputs, DataOptions options, Shape? shape, FileCache cache)
    {
        var item = inputs.Header.Item;
        var last = shape is { Rank: > 1 } said ? said : ChannelsInnermost(item);
        var layout = options.Layout ?? (shape is null && item.Rank > 1 ? LayoutOf(inputs, last, options.ModelInput) : default);
        if (layout == InputLayout.ChannelsLast) return inputs;
        if (last.Rank < 2 || last.Length != item.Length)
        {
            throw new EdgeLearnException($"--input-layout channels-first: {inputs.Name} has inputs of {item}; expected channels, height "
                + $"and width (or steps), or their lengths with --input-shape HxWxC");
        }
        return inputs.ChannelsLast(cache, last);
    }

    // A model knows; else few planes before large ones are what PyTorch has, or a strip of a few rows.
    static InputLayout LayoutOf(ArrayFile inputs, Shape last, Shape? model)
    {
        var item = inputs.Header.Item;
        if (model is not null) return model != item && model == last ? InputLayout.ChannelsFirst : InputLayout.ChannelsLast;
        if (item is not { Rank: 3, Height: 1 or 3 or 4, Channels: > 4 }) return InputLayout.ChannelsLast;
        throw new EdgeLearnException($"{inputs.Name} has inputs of {item}: {item.Height} planes of {item.Width}x{item.Channels}, as "
            + $"PyTorch has images, or {item.Height} rows of {item.Width} with {item.Channels} channels? --input-layout channels-first "
            + $"or channels-last says it");
    }

    static Shape ChannelsInnermost(Shape item) => item.Rank switch
    {
        3 => new Shape(item.Width, item.Channels, item.Height),
        2 => new Shape(item.Width, item.Height),
        _ => item,
    };
}
