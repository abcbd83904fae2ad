<?php
/**
 * The request to a type's REST controller that saves a post.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Translates the route's input into a request of WordPress's own REST API. Leaves out an author, a parent and
 * a date that the post already has.
 */
final class Sitebridge_Item_Request {

	/**
	 * The request that saves the post.
	 *
	 * @param array        $input The route's input.
	 * @param WP_Post|null $post  The post to update; null for a create.
	 * @return WP_REST_Request
	 */
	public static function of( array $input, $post ) {
		$fields = array_intersect_key( $input, array_flip( array( 'title', 'slug', 'content', 'excerpt', 'status', 'author', 'date_gmt', 'parent' ) ) );
		if ( isset( $fields['slug'] ) ) {
			$fields['slug'] = sanitize_title( $fields['slug'] );
			if ( '' === $fields['slug'] ) {
				// With an empty slug, an update would get a slug made from the title, and so another address.
				unset( $fields['slug'] );
			}
		}
		if ( isset( $fields['date_gmt'] ) ) {
			$fields['date_gmt'] = preg_replace( '/(\.0+)?Z$/i', '', $fields['date_gmt'] );
		}
		if ( null !== $post ) {
			$present = array(
				// The controller asks for more permissions if the request names these fields.
				'author'   => (int) $post->post_author,
				'parent'   => (int) $post->post_parent,
				// For a draft without a date of its own this is only its current date, which must not become
				// fixed.
				'date_gmt' => Sitebridge_Item_Fields::date_gmt( $post ),
			);
			foreach ( $present as $name => $value ) {
				if ( isset( $fields[ $name ] ) && $fields[ $name ] === $value ) {
					unset( $fields[ $name ] );
				}
			}
			$fields['id'] = $post->ID;
		}
		$request = new WP_REST_Request( null === $post ? 'POST' : 'PUT' );
		$request->set_body_params( $fields );
		// The controller's full response is not needed, and costs more than the write.
		$request->set_query_params( array( '_fields' => 'id' ) );

		return $request;
	}
}
