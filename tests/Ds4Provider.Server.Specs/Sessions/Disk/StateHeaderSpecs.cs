using CsCheck;
using Ds4Provider.Server.Sessions;
using Ds4Provider.Server.Sessions.Disk;

namespace Ds4Provider.Server.Specs.Sessions.Disk;

public sealed class StateHeaderSpecs
{
    private const string Model = "0123456789abcdef0123456789abcdef";

    private static readonly Gen<PrefixKey> Keys = Gen.Int.Select(seed => PrefixKey.OfPrefixes([seed], [1])[0]);

    private static readonly Gen<StateHeader> Headers =
        from key in Keys
        from parent in Keys
        from parentPosition in Gen.OneOf(Gen.Const(0), Gen.Int[1, 100_000])
        from span in Gen.Int[1, 100_000]
        from beginning in Gen.Bool
        from links in Gen.Int[0, 2]
        from bytes in Gen.Long[0, long.MaxValue]
        select new StateHeader(key, parentPosition + span, parentPosition > 0 ? parent : null, parentPosition, beginning, links, bytes);

    [Fact]
    public void A_header_is_read_as_it_was_written() =>
        Headers.Sample(header => StateHeader.Read(header.Write(Model), Model) == header);

    [Fact]
    public void A_header_with_any_bit_changed_is_refused() =>
        Gen.Select(Headers, Gen.Int[0, (StateHeader.Length * 8) - 1]).Sample((header, bit) =>
        {
            byte[] bytes = header.Write(Model);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Should.Throw<InvalidDataException>(() => StateHeader.Read(bytes, Model));
        });

    [Fact]
    public void A_header_that_is_cut_off_anywhere_or_of_another_model_is_refused()
    {
        byte[] bytes = new StateHeader(PrefixKey.OfPrefixes([1], [1])[0], 1, null, 0, false, 0, 5).Write(Model);

        for (int length = 0; length < bytes.Length; length++)
            Should.Throw<InvalidDataException>(() => StateHeader.Read(bytes.AsSpan(0, length), Model));
        Should.Throw<InvalidDataException>(() => StateHeader.Read(bytes, "another")).Message.ShouldContain("another model");
    }

    [Fact]
    public void Any_bytes_are_refused_or_read_and_never_break_the_reader() =>
        Gen.Byte.Array[0, 300].Sample(bytes => Should.Throw<InvalidDataException>(() => StateHeader.Read(bytes, Model)));
}
