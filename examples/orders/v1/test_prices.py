import unittest

from prices import PriceList


class Prices(unittest.TestCase):
    def setUp(self):
        self.prices = PriceList({"lamp": 1999, "chair": 4900})

    def test_cheaper_than(self):
        self.assertEqual([self.prices.cheaper_than(cents) for cents in (0, 1999, 2000, 9999)], [0, 0, 1, 2])

    def test_price_of(self):
        self.assertEqual(self.prices.price_of(" Lamp"), 1999)
        self.assertIsNone(self.prices.price_of("sofa"))


if __name__ == "__main__":
    unittest.main()
