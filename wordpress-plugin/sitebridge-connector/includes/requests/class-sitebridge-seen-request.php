<?php
/**
 * What a refusal shows of its request.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Shows in the refusal of a signed request which request arrived, and a fingerprint of the stored key. By these
 * the server tells another key from a request that was changed on the way. All that is shown of the request
 * comes from the caller, and the fingerprint does not lead to the key.
 */
final class Sitebridge_Seen_Request {

	/**
	 * The most characters of each part.
	 */
	const MOST = 2000;

	/**
	 * Adds the facts to a refusal.
	 *
	 * @param WP_Error                  $error   The refusal.
	 * @param Sitebridge_Signed_Request $request The request.
	 * @param string                    $key     The site key that the signature was compared with, or ''.
	 * @return WP_Error
	 */
	public static function added_to( WP_Error $error, Sitebridge_Signed_Request $request, $key ) {
		$facts = array(
			'key'  => '' === $key ? '' : substr( hash_hmac( 'sha256', 'sitebridge key', $key ), 0, 8 ),
			'seen' => array(
				'method'      => (string) preg_replace( '/[^A-Z]/', '', substr( $request->method, 0, 20 ) ),
				'route'       => substr( $request->address()->seen(), 0, self::MOST ),
				'params'      => substr( $request->params(), 0, self::MOST ),
				'body_sha256' => $request->body_hash(),
			),
		);

		return new WP_Error( $error->get_error_code(), $error->get_error_message(), $error->get_error_data() + $facts );
	}

	/**
	 * Shows the facts beside the code. WordPress itself shows the facts of an error in its `data` only.
	 *
	 * @param WP_HTTP_Response $response The response.
	 * @return WP_HTTP_Response
	 */
	public static function shown_in( $response ) {
		$answer = $response->get_data();
		if ( is_array( $answer ) && isset( $answer['code'], $answer['data']['key'], $answer['data']['seen'] ) && is_string( $answer['code'] ) && 0 === strpos( $answer['code'], 'sitebridge_' ) ) {
			$response->set_data( $answer + array_intersect_key( $answer['data'], array_flip( array( 'key', 'seen' ) ) ) );
		}

		return $response;
	}
}
