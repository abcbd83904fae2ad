<?php
/**
 * What the REST controller of a type is asked, to save a post for the server.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Says what the route was given in the words of WordPress's own REST API, and leaves out what is so already.
 */
final class Sitebridge_Item_Request {

	/**
	 * The request that saves the post.
	 *
	 * @param array        $input What the route was given.
	 * @param WP_Post|null $post  The post that is to be updated.
	 * @return WP_REST_Request
	 */
	public static function of( array $input, $post ) {
		$fields = array_intersect_key( $input, array_flip( array( 'title', 'slug', 'content', 'excerpt', 'status', 'author', 'date_gmt', 'parent' ) ) );
		if ( isset( $fields['slug'] ) ) {
			$fields['slug'] = sanitize_title( $fields['slug'] );
			if ( '' === $fields['slug'] ) {
				// An update would get the one of its title, and its address with it.
				unset( $fields['slug'] );
			}
		}
		if ( isset( $fields['date_gmt'] ) ) {
			$fields['date_gmt'] = preg_replace( '/(\.0+)?Z$/i', '', $fields['date_gmt'] );
		}
		if ( null !== $post ) {
			$present = array(
				// Naming them would need rights that leaving them alone does not.
				'author'   => (int) $post->post_author,
				'parent'   => (int) $post->post_parent,
				// The date that a draft would have now is no date that it is to keep.
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
		// What the controller would answer is not needed, and costs more than the writing.
		$request->set_query_params( array( '_fields' => 'id' ) );

		return $request;
	}
}
