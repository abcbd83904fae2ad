<?php
/**
 * The parts of a request that its signature covers.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Brings route and parameters into the form in which they are signed. A proxy may sort the query, add
 * parameters or encode it in another way: none of that changes this form. The server has the same rules
 * (src/security/signedParts.ts).
 */
final class Sitebridge_Signed_Parts {

	/**
	 * In plain permalinks this parameter holds the route, which is signed by itself.
	 */
	const ROUTE_PARAMETER = 'rest_route';

	/**
	 * The chosen parameters of a query: each as `name=value`, encoded by RFC 3986, sorted by bytes, joined by
	 * `&`.
	 *
	 * @param string   $query The query as sent, without `?`.
	 * @param string[] $names The names, as names() returns them.
	 * @return string
	 */
	public static function parameters( $query, array $names ) {
		$chosen = array();
		foreach ( explode( '&', $query ) as $pair ) {
			$parts = explode( '=', $pair, 2 );
			$name  = rawurlencode( urldecode( $parts[0] ) );
			if ( in_array( $name, $names, true ) ) {
				$chosen[] = $name . '=' . rawurlencode( urldecode( isset( $parts[1] ) ? $parts[1] : '' ) );
			}
		}
		sort( $chosen, SORT_STRING );

		return implode( '&', $chosen );
	}

	/**
	 * The names in the header X-Sitebridge-Params, each encoded by RFC 3986. In the header, a name may be
	 * encoded or not.
	 *
	 * @param string $header Names, separated by commas.
	 * @return string[]
	 */
	public static function names( $header ) {
		$names = array();
		foreach ( explode( ',', $header ) as $name ) {
			$names[] = rawurlencode( rawurldecode( trim( $name, " \t" ) ) );
		}

		return array_values( array_diff( $names, array( '', self::ROUTE_PARAMETER ) ) );
	}

	/**
	 * A route with each byte but `/` encoded by RFC 3986, without a slash at its end.
	 *
	 * @param string $route The route as it stands in an address.
	 * @return string
	 */
	public static function route( $route ) {
		$parts = array_map( 'rawurlencode', explode( '/', rawurldecode( $route ) ) );
		$route = rtrim( implode( '/', $parts ), '/' );

		return '' === $route ? '/' : $route;
	}

	/**
	 * The route in a query.
	 *
	 * @param string $query The query as sent, without `?`.
	 * @return string|null Null when the query has no route.
	 */
	public static function route_in( $query ) {
		$value = self::route_value( $query );

		return '' === $value ? null : self::route( rawurlencode( $value ) );
	}

	/**
	 * The value of the parameter with the route. Of several values one counts, and WordPress is left no other.
	 *
	 * @param string $query The query as sent, without `?`.
	 * @return string '' when the query has no route.
	 */
	public static function route_value( $query ) {
		$pairs = self::parameters( $query, array( self::ROUTE_PARAMETER ) );

		return '' === $pairs ? '' : rawurldecode( substr( strrchr( '&' . $pairs, '&' ), strlen( '&' . self::ROUTE_PARAMETER . '=' ) ) );
	}
}
